import { problemFrom } from "../../api/errors.ts";
import { ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { FilesEditor } from "./FilesEditor.tsx";
import type { Files } from "./use-files.ts";

interface Props {
  beside: Files;
  faults: readonly string[];
}

/** The files beside a template, or why they cannot be changed here: the text can be saved all the same. */
export function FilesPart({ beside: { files, error, edit }, faults }: Props) {
  if (files) return <FilesEditor files={files} faults={faults} onChange={edit} />;
  return error ? <ProblemNote problem={problemFrom(error)} /> : <Skeleton className="h-20" />;
}
