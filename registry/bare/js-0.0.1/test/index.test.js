import assert from "node:assert/strict";
import { test } from "node:test";

import { greet } from "../index.js";

test("greet names whom it greets", () => {
  assert.equal(greet("world"), "Hello, world!");
});
