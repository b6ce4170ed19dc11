;; Products of rows of a sparse matrix with vectors. All parameters but $rows are addresses in bytes. The entries of row i are
;; those from $starts[i] to before $ends[i]; entry e has the column $columns[e] and the value $values[e].
(module
  (import "bench" "memory" (memory 1))

  ;; $output[i] = Σ $values[e] · $input[$columns[e]] over the entries of row i; $input in single precision, sums in double.
  (func (export "gather")
    (param $starts i32) (param $ends i32) (param $rows i32) (param $columns i32) (param $values i32)
    (param $input i32) (param $output i32)
    (local $last i32) (local $at i32) (local $end i32) (local $sum f64)
    (local.set $last (i32.add (local.get $starts) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done (loop $row
      (br_if $done (i32.ge_u (local.get $starts) (local.get $last)))
      (local.set $at (i32.shl (i32.load (local.get $starts)) (i32.const 2)))
      (local.set $end (i32.shl (i32.load (local.get $ends)) (i32.const 2)))
      (local.set $sum (f64.const 0))
      (block $full (loop $entry
        (br_if $full (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $sum (f64.add (local.get $sum) (f64.mul
          (f64.promote_f32 (f32.load (i32.add (local.get $values) (local.get $at))))
          (f64.promote_f32 (f32.load (i32.add (local.get $input)
            (i32.shl (i32.load (i32.add (local.get $columns) (local.get $at))) (i32.const 2))))))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $entry)))
      (f64.store (local.get $output) (local.get $sum))
      (local.set $starts (i32.add (local.get $starts) (i32.const 4)))
      (local.set $ends (i32.add (local.get $ends) (i32.const 4)))
      (local.set $output (i32.add (local.get $output) (i32.const 8)))
      (br $row))))

  ;; $output[$columns[e]] += $values[e] · $input[i] for the entries of every row i; $input and $output in double precision.
  (func (export "scatter")
    (param $starts i32) (param $ends i32) (param $rows i32) (param $columns i32) (param $values i32)
    (param $input i32) (param $output i32)
    (local $last i32) (local $at i32) (local $end i32) (local $factor f64) (local $place i32)
    (local.set $last (i32.add (local.get $starts) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done (loop $row
      (br_if $done (i32.ge_u (local.get $starts) (local.get $last)))
      (local.set $at (i32.shl (i32.load (local.get $starts)) (i32.const 2)))
      (local.set $end (i32.shl (i32.load (local.get $ends)) (i32.const 2)))
      (local.set $factor (f64.load (local.get $input)))
      (block $full (loop $entry
        (br_if $full (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $place (i32.add (local.get $output)
          (i32.shl (i32.load (i32.add (local.get $columns) (local.get $at))) (i32.const 3))))
        (f64.store (local.get $place) (f64.add (f64.load (local.get $place)) (f64.mul
          (f64.promote_f32 (f32.load (i32.add (local.get $values) (local.get $at))))
          (local.get $factor))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $entry)))
      (local.set $starts (i32.add (local.get $starts) (i32.const 4)))
      (local.set $ends (i32.add (local.get $ends) (i32.const 4)))
      (local.set $input (i32.add (local.get $input) (i32.const 8)))
      (br $row)))))
