import { useState } from "react";
import { setUp } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { Entry } from "../../layouts/Entry.tsx";
import { credentialFaults } from "../../lib/password.ts";
import { faultsByField, type Problem } from "@playspawn/shared/api/problem.ts";
import { dropToken, linkTrouble, tokenOf, type SetupTrouble } from "../../lib/setup-link.ts";
import { paths } from "../../paths.ts";
import { RestoreForm } from "./RestoreForm.tsx";
import { SetupForm, type SetupValues } from "./SetupForm.tsx";
import { TroubleText } from "./TroubleText.tsx";

const titles: Record<SetupTrouble, string> = {
  no_token: "Open the link from your terminal",
  token_dead: "This link is spent",
  token_unknown: "This link is not known here",
  done: "Already set up",
};

export function SetupPage() {
  const [token] = useState(() => tokenOf(window.location.hash));
  const [trouble, setTrouble] = useState<SetupTrouble | undefined>(token === undefined ? "no_token" : undefined);
  const [problem, setProblem] = useState<Problem>();
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const [restoring, setRestoring] = useState(false);

  const refused = (error: unknown): void => {
    const found = problemFrom(error);
    setBusy(false);
    const spent = linkTrouble(found.code);
    if (spent) dropToken();
    setTrouble(spent);
    setFaults(faultsByField(found.faults));
    setProblem(found.faults.length > 0 ? undefined : found);
  };
  const submit = (values: SetupValues): void => {
    const wrong = credentialFaults(values);
    setFaults(wrong);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    setProblem(undefined);
    const { email, password } = values;
    // A full load, not a route: the dashboard is another page and the token must not stay in the history.
    setUp({ token: token!, email: email.trim(), password }).then(() => window.location.replace(paths.servers), refused);
  };

  if (trouble)
    return (
      <Entry title={titles[trouble]}>
        <TroubleText trouble={trouble} />
      </Entry>
    );
  if (restoring)
    return (
      <Entry
        title="Restore a backup"
        lead="What was backed up becomes this Playspawn: accounts, servers and their worlds."
      >
        <RestoreForm
          token={token!}
          onBack={() => setRestoring(false)}
          onLinkTrouble={({ code }) => {
            const spent = linkTrouble(code);
            if (spent) setTrouble(spent);
            return spent !== undefined;
          }}
        />
      </Entry>
    );
  return (
    <Entry title="Make it yours" lead="One account, and this Playspawn is yours. Nothing else is asked.">
      <SetupForm busy={busy} faults={faults} problem={problem} onSubmit={submit} />
      <p className="mt-6 text-center text-ink-3">
        You have a backup?{" "}
        <button
          type="button"
          className="font-medium text-ink underline underline-offset-4"
          onClick={() => setRestoring(true)}
        >
          Restore it
        </button>
      </p>
    </Entry>
  );
}
