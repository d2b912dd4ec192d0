/** A link that looks like a button: it leads somewhere, and changes nothing. */
import { Button, type ButtonProps } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'

export function ButtonLink({
  href,
  children,
  ...button
}: ButtonProps & { readonly href: string; readonly children: ReactNode }) {
  return (
    <Button component={Link} href={href} variant="default" {...button}>
      {children}
    </Button>
  )
}
