/** A link where there is somewhere to go, plain words where there is not. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'

export function To({
  href,
  className,
  children,
}: {
  href: string | undefined
  className?: string
  children: ReactNode
}) {
  const named = className === undefined ? {} : { className }
  if (href === undefined) return <span {...named}>{children}</span>
  return (
    <Link href={href} {...named}>
      {children}
    </Link>
  )
}
