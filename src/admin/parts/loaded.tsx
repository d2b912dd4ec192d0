/** What an answer is shown with: a grey place while it is on its way, the refusal and a way on, or what came of it. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Read } from '../api/queries.ts'
import { Refusal } from '../api/request.ts'
import { Notice } from './notice.tsx'
import { PagePending } from './pending.tsx'

/**
 * An answer that came before is shown on when asking anew fails, and said to be old.
 *
 * @example
 * <Loaded read={customer} pending={<RowsPending rows={6} />}>
 *   {(customer) => <h2>{customer.name}</h2>}
 * </Loaded>
 */
export function Loaded<T>({
  read,
  pending = <PagePending />,
  children,
}: {
  read: Pick<Read<T>, 'data' | 'error' | 'refetch' | 'dataUpdatedAt'>
  pending?: ReactNode
  children: (data: T) => ReactNode
}) {
  const { data, error, refetch } = read
  if (data === undefined)
    return error === null ? pending : <Failure error={error} retry={() => void refetch()} />
  return (
    <>
      {error !== null && (
        <Notice
          tone="wait"
          title={`This is as of ${new Date(read.dataUpdatedAt).toLocaleTimeString('en-GB', { timeStyle: 'short' })}`}
          actions={<Retry retry={() => void refetch()} />}
        >
          Reading it anew failed: {error.message}
        </Notice>
      )}
      {children(data)}
    </>
  )
}

/** Nothing can be shown. */
export function Failure({ error, retry }: { error: Error; retry: () => void }) {
  const problem = error instanceof Refusal ? error.problem : null
  return (
    <Notice
      tone="bad"
      title={problem?.title ?? 'This cannot be shown'}
      actions={problem?.retryable === false ? undefined : <Retry retry={retry} />}
    >
      {error.message}
      {problem !== null && problem.requestId !== '' && (
        <div className="note">Request {problem.requestId}</div>
      )}
    </Notice>
  )
}

function Retry({ retry }: { retry: () => void }) {
  return (
    <Button variant="default" size="xs" onClick={retry}>
      Try again
    </Button>
  )
}
