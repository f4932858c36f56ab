import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookOpen, Boxes, Gamepad2, LogOut, Server, UserRound } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";
import { signOut } from "../api/commands.ts";
import { problemFrom } from "../api/errors.ts";
import { keys, nodesQuery, serversQuery } from "../api/queries.ts";
import type { Me } from "../api/types.ts";
import { paths } from "../paths.ts";
import { briefly } from "@playspawn/shared/api/problem.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { cx } from "../ui/cx.ts";
import { Mark } from "../ui/Mark.tsx";
import { Popover } from "../ui/Popover.tsx";
import { ThemeSwitch } from "../ui/ThemeSwitch.tsx";
import { toast } from "../ui/toasts.ts";

const areas = [
  { to: paths.servers, name: "Servers", Icon: Gamepad2 },
  { to: paths.games, name: "Games", Icon: Boxes },
  { to: paths.nodes, name: "Nodes", Icon: Server },
] as const;

function useCounts(): Record<string, number | undefined> {
  const servers = useQuery(serversQuery);
  const nodes = useQuery(nodesQuery);
  return { Servers: servers.data?.length, Nodes: nodes.data?.length };
}

/** A mark beside Nodes while one of them is silent. */
function SilentNodes({ className }: { className?: string }) {
  const nodes = useQuery(nodesQuery);
  const silent = nodes.data?.filter(({ session }) => session === "unreachable").length ?? 0;
  if (silent === 0) return null;
  return (
    <span className={cx("size-2 rounded-full bg-crashed", className)} title={`${silent} without contact`}>
      <span className="sr-only">{silent} without contact</span>
    </span>
  );
}

// A server's page and the catalogue belong to Servers, although their address does not start with its own.
const isServers = (pathname: string): boolean =>
  pathname === paths.servers || pathname === paths.trash || pathname.startsWith("/servers");

function useSignOut(): () => void {
  const client = useQueryClient();
  // What was read belongs to whoever was signed in.
  const forget = (): void => {
    client.setQueryData(keys.me, null);
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
  };
  const mutation = useMutation({
    mutationFn: signOut,
    onSuccess: forget,
    onError: (error) => {
      const problem = problemFrom(error);
      if (problem.status === 401) return forget();
      toast({ tone: "bad", text: `You are still signed in. ${briefly(problem)}` });
    },
  });
  return () => mutation.mutate();
}

function Brand() {
  return (
    <Link to={paths.servers} className="flex items-center gap-2.5 rounded-lg" aria-label="Playspawn, to the servers">
      <Mark size={26} />
      <span className="text-[1.1rem] font-semibold tracking-tight">Playspawn</span>
    </Link>
  );
}

export function SideBar({ me }: { me: Me }) {
  const counts = useCounts();
  const leave = useSignOut();
  return (
    <header className="sticky top-0 hidden h-dvh flex-col border-r border-line px-4 py-6 lg:flex">
      <div className="px-2">
        <Brand />
      </div>
      <nav aria-label="Main" className="mt-8 grid gap-0.5">
        {areas.map(({ to, name, Icon }) => (
          <AreaLink key={name} to={to} className="h-9 gap-3 rounded-lg px-2.5 aria-[current=page]:bg-ink/7">
            <Icon size={17} aria-hidden />
            <span className="flex-1">{name}</span>
            {name === "Nodes" && <SilentNodes />}
            {counts[name] !== undefined && <span className="font-mono text-[0.8rem] text-ink-3">{counts[name]}</span>}
          </AreaLink>
        ))}
      </nav>
      <div className="mt-auto grid grid-cols-1 gap-4 px-2">
        <p className="text-[0.867rem] text-ink-3">
          <kbd className="rounded border border-line px-1.5 py-0.5 font-mono text-[0.75rem]">Ctrl K</kbd> finds anything
        </p>
        <a
          href={paths.apiDocs}
          className="-my-1 flex min-h-7 items-center gap-3 text-[0.9rem] text-ink-3 hover:text-ink"
        >
          <BookOpen size={15} aria-hidden /> API
        </a>
        <ThemeSwitch />
        <div className="flex items-center gap-2 border-t border-line pt-4">
          <span className="min-w-0 flex-1 truncate text-[0.9rem] text-ink-2" title={me.email}>
            {me.email}
          </span>
          <IconButton label="Sign out" onClick={leave} className="-mr-2">
            <LogOut size={16} />
          </IconButton>
        </div>
      </div>
    </header>
  );
}

export function TopBar({ me }: { me: Me }) {
  const leave = useSignOut();
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center short:static justify-between border-b border-line bg-ground/88 px-4 backdrop-blur-md sm:px-6 lg:hidden">
      <Brand />
      <Popover
        label="Account"
        trigger={(props) => (
          <IconButton label="Account" className="-mr-2" {...props}>
            <UserRound size={19} />
          </IconButton>
        )}
      >
        <div className="grid gap-4">
          <p className="truncate text-[0.9rem] text-ink-3">{me.email}</p>
          <ThemeSwitch />
          <Button size="small" onClick={leave}>
            <LogOut size={16} aria-hidden /> Sign out
          </Button>
        </div>
      </Popover>
    </header>
  );
}

/** On a phone the areas are where the thumb is. */
export function TabBar() {
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-3 border-t border-line bg-ground/92 pb-[env(safe-area-inset-bottom)] backdrop-blur-md lg:hidden"
    >
      {areas.map(({ to, name, Icon }) => (
        <AreaLink
          key={name}
          to={to}
          className="h-15 flex-col justify-center gap-1 text-[0.8rem] short:h-10 short:flex-row short:gap-2.5"
        >
          <span className="relative">
            <Icon size={20} aria-hidden />
            {name === "Nodes" && <SilentNodes className="absolute -top-0.5 -right-2" />}
          </span>
          {name}
        </AreaLink>
      ))}
    </nav>
  );
}

interface AreaProps {
  to: string;
  className: string;
  children: ReactNode;
}

function AreaLink({ to, className, children }: AreaProps) {
  const { pathname } = useLocation();
  const here = to === paths.servers ? isServers(pathname) : pathname.startsWith(to);
  return (
    <Link
      to={to}
      aria-current={here ? "page" : undefined}
      className={cx(
        "flex items-center transition-colors hover:text-ink",
        here ? "font-medium text-ink" : "text-ink-2",
        className,
      )}
    >
      {children}
    </Link>
  );
}
