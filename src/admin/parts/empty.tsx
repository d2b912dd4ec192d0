/** What will be here, and the one button that starts it. */
import type { ReactNode } from 'react'

export function Empty({
  title,
  children,
  action,
}: {
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div style={PLACE}>
      <h2>{title}</h2>
      {children !== undefined && <div className="second">{children}</div>}
      {action}
    </div>
  )
}

const PLACE = { display: 'grid', gap: 8, justifyItems: 'start', padding: '28px 0', maxWidth: '62ch' } as const
