import type { ComponentType } from "react";
import type { RouteObject } from "react-router";
import { PageFault } from "./layouts/PageFault.tsx";
import { NotFound } from "./layouts/NotFound.tsx";
import { Shell } from "./layouts/Shell.tsx";
import { Splash } from "./layouts/Splash.tsx";
import { ports } from "./ports.ts";

const secondTryMs = 700;

/**
 * A page that is loaded when it is first shown. A second try outlives a change of the network, which the browser
 * sees on the machine that makes the servers' networks.
 */
const page = (load: () => Promise<ComponentType>) => async () => {
  const Component = await load().catch(async () => {
    await ports.timers.sleep(secondTryMs);
    return load();
  });
  return { Component };
};

export const routes: RouteObject[] = [
  {
    path: "/sign-in",
    ErrorBoundary: PageFault,
    HydrateFallback: Splash,
    lazy: page(async () => (await import("./features/session/SignInPage.tsx")).SignInPage),
  },
  {
    path: "/",
    Component: Shell,
    ErrorBoundary: PageFault,
    HydrateFallback: Splash,
    children: [
      {
        ErrorBoundary: PageFault,
        children: [
          { index: true, lazy: page(async () => (await import("./features/servers/ServersPage.tsx")).ServersPage) },
          {
            path: "servers/new",
            lazy: page(async () => (await import("./features/servers/CataloguePage.tsx")).CataloguePage),
          },
          {
            path: "servers/new/:game",
            lazy: page(async () => (await import("./features/servers/CreateServerPage.tsx")).CreateServerPage),
          },
          {
            path: "servers/:id",
            lazy: page(async () => (await import("./features/servers/ServerPage.tsx")).ServerPage),
            children: [
              { index: true, lazy: page(async () => (await import("./features/servers/OverviewTab.tsx")).OverviewTab) },
              {
                path: "settings",
                lazy: page(async () => (await import("./features/servers/SettingsTab.tsx")).SettingsTab),
              },
            ],
          },
          { path: "trash", lazy: page(async () => (await import("./features/servers/TrashPage.tsx")).TrashPage) },
          { path: "games", lazy: page(async () => (await import("./features/games/GamesPage.tsx")).GamesPage) },
          { path: "games/new", lazy: page(async () => (await import("./features/games/NewGamePage.tsx")).NewGamePage) },
          {
            path: "games/:id",
            lazy: page(async () => (await import("./features/games/GamePage.tsx")).GamePage),
            children: [
              { index: true, lazy: page(async () => (await import("./features/games/GameOverview.tsx")).GameOverview) },
              {
                path: "template",
                lazy: page(async () => (await import("./features/games/TemplateTab.tsx")).TemplateTab),
              },
            ],
          },
          { path: "nodes", lazy: page(async () => (await import("./features/nodes/NodesPage.tsx")).NodesPage) },
          { path: "*", Component: NotFound },
        ],
      },
    ],
  },
];
