import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { reportLoaded } from "./ui/loaded.ts";
import { SetupPage } from "./features/setup/SetupPage.tsx";

// Another link pasted into the same tab changes only what follows the #, which by itself loads nothing.
window.addEventListener("hashchange", () => window.location.reload());

reportLoaded();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <SetupPage />
  </StrictMode>,
);
