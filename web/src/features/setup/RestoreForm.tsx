import { useEffect, useRef, useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import { paths } from "../../paths.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Notice, ProblemNote } from "../../ui/notices.tsx";
import { ProgressBar } from "../../ui/ProgressBar.tsx";
import type { Problem } from "@playspawn/shared/api/problem.ts";
import { bytes as bytesText } from "@playspawn/shared/words/bytes.ts";
import { restoreFrom } from "./send-backup.ts";

type Stage = "choosing" | "sending" | "checking" | "restarting" | "late" | "done";

interface Props {
  token: string;
  onBack: () => void;
  /** The link itself is the matter. Answers whether it was. */
  onLinkTrouble: (problem: Problem) => boolean;
}

export function RestoreForm({ token, onBack, onLinkTrouble }: Props) {
  const [stage, setStage] = useState<Stage>("choosing");
  const [file, setFile] = useState<File>();
  const [sent, setSent] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  /** Nobody waits for it here any more, while it goes on. */
  const [left, setLeft] = useState(false);
  const uploaded = useRef<{ file: File; upload: string }>(undefined);
  const ending = useRef<AbortController>(undefined);
  useEffect(() => () => ending.current?.abort(), []);

  const failed = (error: unknown): void => {
    const found = problemFrom(error);
    if (onLinkTrouble(found)) return;
    if (found.code === "not_found") uploaded.current = undefined;
    setStage("choosing");
    setProblem(found);
  };
  const submit = (chosen: File, passphrase: string): void => {
    const { signal } = (ending.current = new AbortController());
    setFile(chosen);
    setProblem(undefined);
    setLeft(false);
    setSent(0);
    const before = uploaded.current?.file === chosen ? uploaded.current.upload : undefined;
    restoreFrom({
      token,
      file: chosen,
      passphrase,
      signal,
      uploaded: before,
      onUploaded: (upload) => void (uploaded.current = { file: chosen, upload }),
      onProgress: setSent,
      onStage: setStage,
    }).then(
      () => setStage("done"),
      (error: unknown) => {
        if (!signal.aborted) return failed(error);
        setStage("choosing");
        setLeft(uploaded.current?.file === chosen);
      },
    );
  };

  if (stage === "done") return <Done />;
  if (stage === "choosing")
    return (
      <div className="grid gap-5">
        {problem && <ProblemNote problem={problem} focus />}
        {left && (
          <Notice>
            <p role="status">The backup was sent and Playspawn goes on with it. Restore waits for it again.</p>
          </Notice>
        )}
        <Choosing file={file} onSubmit={submit} />
        <Button look="ghost" onClick={onBack}>
          Make a new account instead
        </Button>
      </div>
    );
  return <UnderWay stage={stage} file={file!} sent={sent} onCancel={() => ending.current?.abort()} />;
}

interface ChoosingProps {
  /** The one of the last try. */
  file: File | undefined;
  onSubmit: (file: File, passphrase: string) => void;
}

function Choosing({ file: before, onSubmit }: ChoosingProps) {
  const [file, setFile] = useState(before);
  const [passphrase, setPassphrase] = useState("");
  const [fault, setFault] = useState<string>();
  return (
    <form
      noValidate
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        setFault(file ? undefined : "Choose the file of the backup.");
        if (file) onSubmit(file, passphrase);
      }}
    >
      <TextField
        label="Backup file"
        type="file"
        ref={(input) => {
          if (input && before) choose(input, before);
        }}
        fault={fault}
        className="h-auto py-2.5 file:mr-3 file:rounded-md file:border-0 file:bg-ink/8 file:px-3 file:py-1 file:font-medium file:text-ink"
        onChange={(event) => setFile(event.target.files?.[0] ?? before)}
      />
      <TextField
        label="Passphrase"
        help="Only where the backup was made with one."
        type="password"
        autoComplete="off"
        value={passphrase}
        onChange={(event) => setPassphrase(event.target.value)}
      />
      <Button type="submit" look="primary" size="large">
        Restore
      </Button>
    </form>
  );
}

/** The field of a form that came back shows what was chosen before. */
function choose(input: HTMLInputElement, file: File): void {
  if (input.files?.length) return;
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
}

const words = {
  checking: "Checking that all of it is whole. Nothing has changed yet.",
  restarting: "Putting it in its place. Playspawn starts again; this page follows by itself.",
  late: "Playspawn has not come back for two minutes. A large backup takes that long; otherwise its terminal or its log says why.",
} as const;

function UnderWay({
  stage,
  file,
  sent,
  onCancel,
}: {
  stage: Exclude<Stage, "choosing" | "done">;
  file: File;
  sent: number;
  onCancel: () => void;
}) {
  const isSending = stage === "sending";
  const text = isSending ? `Sending ${bytesText(sent)} of ${bytesText(file.size)}.` : words[stage];
  return (
    <div className="grid gap-5">
      <p className="font-medium [overflow-wrap:anywhere]">{file.name}</p>
      <ProgressBar className="text-dawn" label="Restoring the backup" value={isSending ? sent / file.size : null} />
      <p role="status" className="text-ink-2 text-pretty">
        {text}
      </p>
      <Button onClick={onCancel}>{isSending ? "Stop" : "Stop waiting"}</Button>
    </div>
  );
}

function Done() {
  return (
    <div className="grid gap-6">
      <p role="status" className="text-ink-2 text-pretty">
        The backup is restored: accounts, servers and their addresses. Sign in with an account of the backup; servers
        wake when somebody plays.
      </p>
      <a href={paths.signIn} className={buttonClass("primary", "large")}>
        Sign in
      </a>
    </div>
  );
}
