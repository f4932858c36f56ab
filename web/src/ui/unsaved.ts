/** Forms that hold what nobody saved, so that leaving the page can be asked about once for all of them. */
import { useEffect, useId } from "react";
import { useBlocker } from "react-router";
import { ask } from "./questions.ts";

const forms = new Set<string>();

/** For one form: says whether it holds something unsaved. */
export function useUnsaved(unsaved: boolean): void {
  const id = useId();
  useEffect(() => {
    if (unsaved) forms.add(id);
    return () => void forms.delete(id);
  }, [id, unsaved]);
}

/** The thing that the forms are about is gone. */
export const forgetUnsaved = (): void => forms.clear();

/** For the page around the forms, once: nothing typed is lost without a word. */
export function useUnsavedGuard(): void {
  const { state, proceed, reset } = useBlocker(() => forms.size > 0);
  useEffect(() => {
    if (state !== "blocked") return;
    ask({
      title: "Leave without saving?",
      text: "What you changed here is not saved yet.",
      yes: "Leave",
      onYes: proceed,
      no: "Stay",
      onNo: reset,
    });
  }, [state, proceed, reset]);
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent): void => {
      if (forms.size > 0) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    return () => window.removeEventListener("beforeunload", leaving);
  }, []);
}
