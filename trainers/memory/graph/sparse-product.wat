;; Products of rows of a sparse matrix with a vector. The entries of row i are those from $starts[i] to before $ends[i]; $places has
;; for each the address of its column's number in the vector, in single precision. Sums are made in double precision, those of
;; every second entry apart, so that one does not wait for the other. All parameters but $rows are addresses in bytes.
(module
  (import "bench" "memory" (memory 1))

  ;; $output[i] = Σ of the vector's numbers over the entries of row i, whose weights are 1.
  (func (export "sum")
    (param $starts i32) (param $ends i32) (param $rows i32) (param $places i32) (param $output i32)
    (local $last i32) (local $at i32) (local $end i32) (local $odd f64) (local $even f64)
    (local.set $last (i32.add (local.get $starts) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done (loop $row
      (br_if $done (i32.ge_u (local.get $starts) (local.get $last)))
      (local.set $at (i32.add (local.get $places) (i32.shl (i32.load (local.get $starts)) (i32.const 2))))
      (local.set $end (i32.add (local.get $places) (i32.shl (i32.load (local.get $ends)) (i32.const 2))))
      (local.set $odd (f64.const 0))
      (local.set $even (f64.const 0))
      (if (i32.and (i32.sub (local.get $end) (local.get $at)) (i32.const 4)) (then
        (local.set $odd (f64.promote_f32 (f32.load (i32.load (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
      (block $full (loop $pair
        (br_if $full (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $even (f64.add (local.get $even) (f64.promote_f32 (f32.load (i32.load (local.get $at))))))
        (local.set $odd (f64.add (local.get $odd) (f64.promote_f32 (f32.load (i32.load offset=4 (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $pair)))
      (f64.store (local.get $output) (f64.add (local.get $odd) (local.get $even)))
      (local.set $starts (i32.add (local.get $starts) (i32.const 4)))
      (local.set $ends (i32.add (local.get $ends) (i32.const 4)))
      (local.set $output (i32.add (local.get $output) (i32.const 8)))
      (br $row))))

  ;; $output[i] += Σ weight · the vector's number over the entries of row i. An entry is two words: the place and the weight.
  (func (export "sumWeighted")
    (param $starts i32) (param $ends i32) (param $rows i32) (param $entries i32) (param $output i32)
    (local $last i32) (local $at i32) (local $end i32) (local $odd f64) (local $even f64)
    (local.set $last (i32.add (local.get $starts) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done (loop $row
      (br_if $done (i32.ge_u (local.get $starts) (local.get $last)))
      (local.set $at (i32.add (local.get $entries) (i32.shl (i32.load (local.get $starts)) (i32.const 3))))
      (local.set $end (i32.add (local.get $entries) (i32.shl (i32.load (local.get $ends)) (i32.const 3))))
      (local.set $odd (f64.load (local.get $output)))
      (local.set $even (f64.const 0))
      (if (i32.and (i32.sub (local.get $end) (local.get $at)) (i32.const 8)) (then
        (local.set $odd (f64.add (local.get $odd) (f64.mul
          (f64.promote_f32 (f32.load offset=4 (local.get $at)))
          (f64.promote_f32 (f32.load (i32.load (local.get $at)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
      (block $full (loop $pair
        (br_if $full (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $even (f64.add (local.get $even) (f64.mul
          (f64.promote_f32 (f32.load offset=4 (local.get $at)))
          (f64.promote_f32 (f32.load (i32.load (local.get $at)))))))
        (local.set $odd (f64.add (local.get $odd) (f64.mul
          (f64.promote_f32 (f32.load offset=12 (local.get $at)))
          (f64.promote_f32 (f32.load (i32.load offset=8 (local.get $at)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $pair)))
      (f64.store (local.get $output) (f64.add (local.get $odd) (local.get $even)))
      (local.set $starts (i32.add (local.get $starts) (i32.const 4)))
      (local.set $ends (i32.add (local.get $ends) (i32.const 4)))
      (local.set $output (i32.add (local.get $output) (i32.const 8)))
      (br $row)))))
