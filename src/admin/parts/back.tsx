/** The way back to the page that this one belongs to: the same arrow everywhere, which a screen reader need not say. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'

export function Back({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className="nowrap">
      <span aria-hidden="true">← </span>
      {children}
    </Link>
  )
}
