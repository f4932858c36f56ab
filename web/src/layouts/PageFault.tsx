import { useRouteError } from "react-router";
import { problemFrom } from "../api/errors.ts";
import { ProblemNote } from "../ui/notices.tsx";
import { NotFound } from "./NotFound.tsx";

/** A page that could not be shown: most often its code changed with an update while it was open. */
export function PageFault() {
  const problem = problemFrom(useRouteError());
  if (problem.status === 404) return <NotFound />;
  return (
    <div className="mx-auto w-full max-w-2xl p-6">
      <ProblemNote
        problem={{ ...problem, title: "This page could not be shown" }}
        onRetry={() => window.location.reload()}
      />
    </div>
  );
}
