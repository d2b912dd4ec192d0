/**
 * A page whose code failed: the frame stays, and says so, until another page is opened. React knows such a boundary as a
 * class only.
 */
import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { forgetFailed } from '../page-code.ts'
import { PageHead } from '../parts/page-head.tsx'

interface Props {
  readonly path: string
  readonly children: ReactNode
}

interface State {
  readonly path: string
  readonly error: Error | null
}

class Boundary extends Component<Props, State> {
  override state: State = { path: this.props.path, error: null }

  static getDerivedStateFromError(error: Error): Partial<State> {
    return { error }
  }

  static getDerivedStateFromProps({ path }: Props, before: State): State | null {
    return path === before.path ? null : { path, error: null }
  }

  override componentDidUpdate(before: Props) {
    if (before.path !== this.props.path) forgetFailed()
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <PageHead
        title="This page failed"
        actions={<Button onClick={() => window.location.reload()}>Load it again</Button>}
      >
        Nothing was changed by it. If it fails again, tell whoever runs Holdfast: “{error.message}”.
      </PageHead>
    )
  }
}

export function PageFailure({ children }: { children: ReactNode }) {
  const [path] = useLocation()
  return <Boundary path={path}>{children}</Boundary>
}
