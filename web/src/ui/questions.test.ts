import test from "ava";
import { answer, ask, questionStore } from "./questions.ts";

test("a question is answered once, and a second one takes the place of the first", (t) => {
  const said: string[] = [];
  const question = (name: string) => ({
    title: name,
    text: "",
    yes: "Yes",
    onYes: () => said.push(`${name} yes`),
    onNo: () => said.push(`${name} no`),
  });
  ask(question("one"));
  ask(question("two"));
  t.is(questionStore.read()?.title, "two");
  answer(true);
  answer(true);
  t.is(questionStore.read(), undefined);
  t.deepEqual(said, ["one no", "two yes"]);
});
