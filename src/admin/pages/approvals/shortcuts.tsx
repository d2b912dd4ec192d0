/** The inbox by keyboard: on while the page has the focus, and to be turned off, since single letters can get in the way. */
import { Popover, Switch, UnstyledButton } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useEffect, type RefObject } from 'react'
import { inDays, type Answering, type Approval } from './answering.ts'
import style from './approvals.module.css'

interface Asked {
  readonly place: RefObject<HTMLDivElement | null>
  readonly items: readonly Approval[]
  readonly here: Approval | undefined
  readonly may: boolean
  show(id: string): void
  toggle(id: string): void
  readonly answering: Answering
}

export interface ShortcutsProps {
  readonly on: boolean
  turn(on: boolean): void
}

const KEYS = [
  ['j', 'the next one'],
  ['k', 'the one before'],
  ['x', 'choose it'],
  ['a', 'approve it'],
  ['r', 'not right'],
  ['s', 'snooze it 7 days'],
] as const

export function useShortcuts({ place, items, here, may, show, toggle, answering }: Asked): ShortcutsProps {
  const [on, turn] = useLocalStorage({
    key: 'approvals-keys',
    defaultValue: true,
    getInitialValueInEffect: false,
  })
  useEffect(() => {
    if (!on || !may) return
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return
      if (here === undefined || !listens(event.target, place.current)) return
      const step = (by: number) => {
        const next = items[items.indexOf(here) + by]
        if (next === undefined) return
        show(next.id)
        place.current?.querySelector<HTMLElement>(`[data-id="${next.id}"]`)?.focus()
      }
      const answer = (one: Parameters<Answering['send']>[0]) => {
        if (!answering.busy) answering.send(one)
      }
      const does: Readonly<Record<string, () => void>> = {
        j: () => step(1),
        ArrowDown: () => step(1),
        k: () => step(-1),
        ArrowUp: () => step(-1),
        x: () => toggle(here.id),
        a: () => answer({ answer: 'approve', of: [here] }),
        r: () => answer({ answer: 'reject', of: [here] }),
        s: () => answer({ answer: 'snooze', of: [here], until: inDays(7) }),
      }
      const wanted = does[event.key]
      if (wanted === undefined) return
      event.preventDefault()
      wanted()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })
  return { on, turn }
}

/** Where one writes, or has opened something, letters are letters. */
function listens(target: EventTarget | null, place: HTMLElement | null): boolean {
  if (!(target instanceof HTMLElement) || place === null) return false
  if (target.closest('input:not([type=checkbox]), textarea, select, [role=dialog], [role=listbox]') !== null)
    return false
  return target === document.body || target.id === 'content' || place.contains(target)
}

export function Shortcuts({ on, turn }: ShortcutsProps) {
  return (
    <Popover position="top-start" shadow="sm" withinPortal>
      <Popover.Target>
        <UnstyledButton className={style.keys}>
          <kbd>j</kbd> <kbd>k</kbd> go on and back, <kbd>a</kbd> approves: all keys
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label="Keyboard">
        <dl className={style.keyList}>
          {KEYS.map(([key, does]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <Switch
          size="xs"
          mt="sm"
          label="Answer by these keys"
          checked={on}
          onChange={(event) => turn(event.currentTarget.checked)}
        />
      </Popover.Dropdown>
    </Popover>
  )
}
