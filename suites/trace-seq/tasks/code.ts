import { differing, type Family } from "../family.js";

/** The next line of Python code, its tokens set apart by spaces as in Py150. */
export const code: Family = {
  id: "code",
  title: "Code completion (Python)",
  language: "code",
  scorer: { name: "edit-similarity" },
  maxNewTokens: 12,
  trainingSteps: 80,
  frame: "Code: {body}\nNext line:",
  templates: [
    {
      text: "def {f:function} ( {x:variable} , {y:variable} ) :\n    {z:variable} = {x} + {y}",
      answer: "return {z}",
      accepts: differing("x", "y", "z"),
    },
    {
      text: "{x:variable} = [ ]\nfor {i:variable} in range ( {n:variable} ) :",
      answer: "{x} . append ( {i} )",
      accepts: differing("x", "i", "n"),
    },
    {
      text: "class {c:function} :\n    def {f:function} ( self , {x:variable} ) :",
      answer: "self . {x} = {x}",
    },
    {
      text: "with open ( {p:variable} ) as {h:variable} :\n    {d:variable} = {f:function} ( {h} )",
      answer: "print ( {d} )",
      accepts: differing("p", "h", "d"),
    },
    {
      text: "if {x:variable} is None :\n    {x} = {f:function} ( {y:variable} )",
      answer: "return {f} ( {x} )",
      accepts: differing("x", "y"),
    },
  ],
  shiftedTemplates: [
    {
      text: "def {f:function} ( {x:variable} ) :\n    {z:variable} = {x} * {x}",
      answer: "return {z}",
      accepts: differing("x", "z"),
    },
    {
      text: "{x:variable} = list ( )\nfor {i:variable} in {n:variable} :",
      answer: "{x} . append ( {i} )",
      accepts: differing("x", "i", "n"),
    },
    {
      text: "def __init__ ( self , {y:variable} , {x:variable} ) :\n    self . {y} = {y}",
      answer: "self . {x} = {x}",
      accepts: differing("x", "y"),
    },
  ],
};
