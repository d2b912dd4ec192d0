/** What was changed and is not saved: always in sight, told before it is saved. */
import { Button, Group, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { ChangeList, type ToldRow } from '../../form/change-list.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { Field } from '../../../settings/controls.ts'
import style from './settings.module.css'

export interface SaveBarProps {
  readonly changes: readonly ToldRow[]
  /** Whether messages are to reach customers from now on. */
  readonly live: boolean
  /** Fields that have to be corrected first. */
  readonly wrong: readonly Field[]
  /** What the server said that belongs to no field. */
  readonly refused: readonly string[]
  readonly busy: boolean
  goTo(field: Field): void
  save(): void
  discard(): void
}

export function SaveBar({ changes, live, wrong, refused, busy, goTo, save, discard }: SaveBarProps) {
  const [open, summary] = useDisclosure(false)
  if (changes.length === 0 && wrong.length === 0) return null
  const [first] = wrong
  return (
    <>
      <section className={style.bar} aria-label="Unsaved changes">
        <div aria-live="polite">
          <span className="strong">
            {changes.length === 1 ? 'One setting changed' : `${changes.length} settings changed`}
          </span>
          {first !== undefined && (
            <span className={style.wrongSaid}>
              {' '}
              {wrong.length === 1 ? 'One has' : `${wrong.length} have`} to be corrected.{' '}
              <button type="button" className={style.link} onClick={() => goTo(first)}>
                Go to “{first.title}”
              </button>
            </span>
          )}
          {refused.map((what) => (
            <div key={what} className={style.wrongSaid}>
              {what}
            </div>
          ))}
        </div>
        <Group gap="xs" wrap="nowrap">
          <Button variant="default" onClick={discard} disabled={busy}>
            Discard
          </Button>
          <Button onClick={summary.open} loading={busy} disabled={wrong.length > 0 || changes.length === 0}>
            Review and save
          </Button>
        </Group>
      </section>
      <Modal
        opened={open}
        onClose={summary.close}
        title={changes.length === 1 ? 'Save this change?' : `Save these ${changes.length} changes?`}
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {live && (
          <Notice tone="wait" title="From then on messages reach customers">
            What is due goes out as limits, hours and approvals allow. Pausing everything stops it at once.
          </Notice>
        )}
        <ChangeList caption="What is saved" changes={changes} />
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={summary.close}>
            Go on editing
          </Button>
          <Button
            data-autofocus
            onClick={() => {
              summary.close()
              save()
            }}
          >
            Save
          </Button>
        </Group>
      </Modal>
    </>
  )
}
