/** Those that were chosen, with what it comes to to approve them all. */
import { Button, Group } from '@mantine/core'
import { useWords } from '../../api/frame.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { AnswerButtons } from './answer-buttons.tsx'
import type { Answering, Approval } from './answering.ts'
import style from './approvals.module.css'

export function Chosen({
  picked,
  all,
  choose,
  answering,
}: {
  picked: readonly Approval[]
  all: readonly Approval[]
  choose: (ids: readonly string[]) => void
  answering: Answering
}) {
  const words = useWords()
  const costs = sums(picked.map(({ cost }) => cost))
  const worths = sums(
    picked.flatMap(({ worth: { expectedMinor: minor, currency } }) =>
      minor === null || currency === null ? [] : [{ minor, currency }],
    ),
  )
  const held = picked.filter(({ instead }) => instead !== null).length
  const what = [...Map.groupBy(picked, ({ action }) => action.name)].map(
    ([name, same]) => `${words.count(same.length)} × ${name}`,
  )
  return (
    <section className={style.chosen} aria-label="Chosen">
      <span>
        <span className="strong">{words.count(picked.length)} chosen</span>
        <span className="second"> · cost {list(costs, words.money)}</span>
      </span>
      <Group gap={8}>
        <AnswerButtons
          of={picked}
          answering={answering}
          approve={
            <Confirm
              label={`Approve ${words.count(picked.length)}`}
              busy={answering.busy}
              button={{ variant: 'filled' }}
              confirm={() => answering.send({ answer: 'approve', of: picked })}
            >
              <p>{what.join(', ')}.</p>
              <p className="second">
                They cost {list(costs, words.money)} in all
                {worths.length > 0 && <> and promise {list(worths, words.gain)} over doing nothing</>}.
                {held > 0 &&
                  ` ${words.many(held, 'of them does', 'of them do')} not go out yet, or not at all, even after a yes.`}{' '}
                Each goes out as soon as it may; what was said here cannot be taken back then.
              </p>
            </Confirm>
          }
        />
        {picked.length < all.length && (
          <Button variant="subtle" size="xs" onClick={() => choose(all.map(({ id }) => id))}>
            Choose all {words.count(all.length)} shown
          </Button>
        )}
        <Button variant="subtle" size="xs" onClick={() => choose([])}>
          Choose none
        </Button>
      </Group>
    </section>
  )
}

interface Amount {
  readonly minor: number
  readonly currency: string
}

const sums = (amounts: readonly Amount[]): readonly Amount[] =>
  [...Map.groupBy(amounts, ({ currency }) => currency)].map(([currency, same]) => ({
    currency,
    minor: same.reduce((sum, { minor }) => sum + minor, 0),
  }))

const list = (amounts: readonly Amount[], write: (minor: number, currency: string) => string): string =>
  amounts.map(({ minor, currency }) => write(minor, currency)).join(' and ')
