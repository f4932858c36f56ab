/** The mark: a sleeping moon that keeps a light for the player who is expected. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0">
      <path d="M20.2 4.1A12.2 12.2 0 1 0 27.9 20 10 10 0 0 1 20.2 4.1Z" className="fill-ink" />
      <circle cx="23.4" cy="12.2" r="3" className="fill-dawn" />
    </svg>
  );
}
