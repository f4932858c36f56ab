import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { gameFilesQuery } from "../../api/queries.ts";
import { sameFiles, type TemplateFile } from "../../lib/template-files.ts";

const none: readonly TemplateFile[] = [];

export interface Files {
  /** Undefined while they are read, or when they cannot be. */
  files: readonly TemplateFile[] | undefined;
  /** To be sent; undefined: they stay as they are. */
  changed: readonly TemplateFile[] | undefined;
  error: Error | null;
  /** @param change from those of the moment: one that is read from a disk comes late */
  edit: (change: (files: readonly TemplateFile[]) => TemplateFile[]) => void;
  takeBack: () => void;
  /** After `saved` was kept: what was changed since then stays. */
  settle: (saved: readonly TemplateFile[] | undefined) => void;
}

/** The files beside a template and what is done to them; @param id of the game whose files they are, null for none yet */
export function useFiles(id: string | null): Files {
  const read = useQuery({ ...gameFilesQuery(id ?? ""), enabled: id !== null });
  const [edits, setEdits] = useState<TemplateFile[]>();
  const known = id === null ? none : read.data?.items;
  const isChanged = edits !== undefined && known !== undefined && !sameFiles(edits, known);
  return {
    files: known && (edits ?? known),
    changed: isChanged ? edits : undefined,
    error: read.error,
    edit: (change) => setEdits((now) => change(now ?? known ?? none)),
    takeBack: () => setEdits(undefined),
    settle: (saved) => setEdits((now) => (now === saved ? undefined : now)),
  };
}
