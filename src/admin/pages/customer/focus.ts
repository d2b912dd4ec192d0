/** After a button is gone, who uses the keyboard stands at the beginning of the page, not nowhere. */
export function backToContent(): void {
  document.querySelector<HTMLElement>('#content')?.focus({ preventScroll: true })
}
