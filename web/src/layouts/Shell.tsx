import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Navigate, Outlet, ScrollRestoration, useLocation } from "react-router";
import { problemFrom } from "../api/errors.ts";
import { meQuery } from "../api/queries.ts";
import type { Me } from "../api/types.ts";
import { LiveProvider } from "../api/use-live.tsx";
import { paths } from "../paths.ts";
import { Asker } from "../ui/Asker.tsx";
import { withoutTitle } from "@playspawn/shared/api/problem.ts";
import { Spinner } from "../ui/Spinner.tsx";
import { Entry } from "./Entry.tsx";
import { LiveBanner } from "./LiveBanner.tsx";
import { SideBar, TabBar, TopBar } from "./navigation.tsx";
import { useTitle } from "./PageHeader.tsx";
import { Palette } from "./Palette.tsx";
import { Splash } from "./Splash.tsx";

/** How often a Playspawn that does not answer, or is not set up, is asked again. */
const againMs = 3000;

/** Everything behind the sign-in. */
export function Shell() {
  const me = useQuery({ ...meQuery, refetchInterval: ({ state }) => (state.error ? againMs : false) });
  const location = useLocation();
  // While it is asked again nothing is known anew: the page stays as it is.
  const [error, setError] = useState<Error | null>(null);
  if (me.error && me.error !== error) setError(me.error);
  if (me.data === undefined) return error ? <Unreachable error={error} /> : <Splash />;
  if (me.data === null) {
    const next = `${location.pathname}${location.search}`;
    return <Navigate to={`${paths.signIn}?next=${encodeURIComponent(next)}`} replace />;
  }
  return (
    <LiveProvider>
      <Frame me={me.data} />
    </LiveProvider>
  );
}

function Frame({ me }: { me: Me }) {
  return (
    <>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-lg bg-ink px-4 py-2 text-ground focus:translate-y-0"
      >
        Skip to content
      </a>
      <div className="flex flex-1 flex-col lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
        <SideBar me={me} />
        <TopBar me={me} />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 pb-24 outline-none lg:pb-12">
          <LiveBanner />
          <div className="mx-auto w-full max-w-[74rem] px-4 pt-6 sm:px-6 lg:px-10 lg:pt-10">
            <Outlet />
          </div>
        </main>
        <TabBar />
      </div>
      <Palette />
      <Asker />
      <ScrollRestoration />
    </>
  );
}

function Unreachable({ error }: { error: unknown }) {
  const problem = problemFrom(error);
  useTitle(problem.title);
  if (problem.code !== "setup_required")
    return (
      <Entry title={problem.title} lead={withoutTitle(problem)}>
        <p role="status" className="flex items-center gap-2.5 text-ink-3">
          <Spinner size={14} /> Trying again by itself.
        </p>
      </Entry>
    );
  return (
    <Entry title="Not set up yet">
      <p className="text-ink-2">
        The terminal that runs <code className="font-mono">./scripts/start</code> printed a set-up link. Open it to make
        the first account. It is good once and for 30 minutes; a restart prints a new one.
      </p>
    </Entry>
  );
}
