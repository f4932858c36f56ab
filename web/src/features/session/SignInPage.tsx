import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Navigate, useSearchParams } from "react-router";
import { signIn } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys, meQuery } from "../../api/queries.ts";
import { Entry } from "../../layouts/Entry.tsx";
import { useTitle } from "../../layouts/PageHeader.tsx";
import { paths, safeNext } from "../../paths.ts";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { useSecondsLeft } from "../../ui/use-now.ts";
import { ProblemNote } from "../../ui/notices.tsx";

export function SignInPage() {
  useTitle("Sign in");
  const [search] = useSearchParams();
  const client = useQueryClient();
  const me = useQuery(meQuery);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const mutation = useMutation({
    mutationFn: signIn,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.me }),
  });
  const problem = mutation.isError ? problemFrom(mutation.error) : undefined;
  const wait = useSecondsLeft(problem?.retryAfterSeconds ?? 0, mutation.submittedAt);
  if (me.data) return <Navigate to={safeNext(search.get("next"))} replace />;
  if (me.isError && problemFrom(me.error).code === "setup_required") return <Navigate to={paths.servers} replace />;
  return (
    <Entry title="Sign in">
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          mutation.mutate({ email: email.trim(), password });
        }}
      >
        {problem && <ProblemNote problem={wait > 0 ? { ...problem, detail: `Try again in ${wait} s.` } : problem} />}
        <TextField
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label="Password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button
          type="submit"
          look="primary"
          size="large"
          busy={mutation.isPending || mutation.isSuccess}
          held={wait > 0}
        >
          {wait > 0 ? `Sign in again in ${wait} s` : "Sign in"}
        </Button>
      </form>
    </Entry>
  );
}
