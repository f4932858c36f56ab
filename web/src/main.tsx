import "./styles.css";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { problemFrom } from "./api/errors.ts";
import { keys } from "./api/queries.ts";
import { dropToken } from "./lib/setup-link.ts";
import { routes } from "./routes.tsx";
import { reportLoaded } from "./ui/loaded.ts";
import { Toaster } from "./ui/Toaster.tsx";

const retriesMax = 2;

// Only what may heal by itself is tried again: no answer, or the other side is busy or broken.
const retry = (failures: number, error: unknown): boolean => {
  const { status } = problemFrom(error);
  return failures < retriesMax && (status === 0 || status >= 500);
};

// Changes only when no answer came: each can be sent twice without harm, or says for itself that it cannot.
const retryChange = (failures: number, error: unknown): boolean =>
  failures < retriesMax && problemFrom(error).status === 0;

// A session that ended shows in any answer; forgetting who is signed in leads to the sign-in page.
const noticeSignOut = (error: unknown): void => {
  if (problemFrom(error).code === "unauthenticated") client.setQueryData(keys.me, null);
};

const client = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignOut }),
  mutationCache: new MutationCache({ onError: noticeSignOut }),
  // A Playspawn on this machine answers without any network: what the browser thinks of the network holds nothing up.
  defaultOptions: {
    queries: { retry, staleTime: 30_000, networkMode: "always" },
    mutations: { retry: retryChange, retryDelay: 500, networkMode: "always" },
  },
});

// Who opens the set-up link once more is led here, with the token still behind the #.
dropToken();
reportLoaded();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={createBrowserRouter(routes)} />
      <Toaster />
    </QueryClientProvider>
  </StrictMode>,
);
