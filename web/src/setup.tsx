import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { SetupPage } from "./features/setup/SetupPage.tsx";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <SetupPage />
  </StrictMode>,
);
