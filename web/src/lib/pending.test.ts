import test from "ava";
import { listed, partName } from "./pending.ts";

test("a part has the name that people know it by", (t) => {
  const game = { variables: { MAX: { label: "Players at most" } } };
  t.is(partName("/variables/MAX", game), "Players at most");
  t.is(partName("/variables/GONE", game), "GONE");
  t.is(partName("/memoryBytes", undefined), "Memory");
});

test("words are listed as they are said", (t) => {
  t.is(listed(["Map"]), "Map");
  t.is(listed(["Map", "Memory"]), "Map and Memory");
  t.is(listed(["Map", "Memory", "Processor"]), "Map, Memory and Processor");
});
