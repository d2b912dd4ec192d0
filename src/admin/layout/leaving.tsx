/** Nobody loses what they typed by a click beside it: who leaves a page with something unsaved is asked first. */
import { Button, Group, Modal, Text } from '@mantine/core'
import { useEffect, useSyncExternalStore, type ReactNode } from 'react'
import { Router } from 'wouter'

/** What is unsaved, in words, by whoever holds it: `3 settings`. */
const held = new Map<symbol, string>()
/** Where somebody wants to go, and what goes there. */
let wanted: (() => void) | null = null
const listeners = new Set<() => void>()
const address = (): string => window.location.pathname + window.location.search
/** Where one is: once the browser went back it is too late to ask. */
let here = address()
for (const moved of ['pushState', 'replaceState']) window.addEventListener(moved, () => (here = address()))

function ask(go: (() => void) | null): void {
  wanted = go
  for (const listener of listeners) listener()
}

/** Another section of the same page keeps what was typed. */
const isHeld = (to: string): boolean => held.size > 0 && pathOf(to) !== pathOf(here)

const pathOf = (to: string): string => new URL(to, window.location.href).pathname

/**
 * @param what in words while something is unsaved; null: nothing is
 * @example
 * useUnsaved(changes.length === 0 ? null : '3 settings')
 */
export function useUnsaved(what: string | null): void {
  useEffect(() => {
    if (what === null) return undefined
    const mark = Symbol(what)
    held.set(mark, what)
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => {
      held.delete(mark)
      window.removeEventListener('beforeunload', warn)
    }
  }, [what])
}

// Before the router hears of it, which listens once the app stands. The way back is told when one is there already.
window.addEventListener('popstate', (event) => {
  const to = address()
  if (!isHeld(to)) {
    here = to
    return
  }
  event.stopImmediatePropagation()
  window.history.pushState(null, '', here)
  ask(() => window.history.pushState(null, '', to))
})

/** The router of the app, and the question. */
export function Leaving({ children }: { children: ReactNode }) {
  const go = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => wanted,
  )
  const [what] = held.values()
  return (
    <Router
      aroundNav={(navigate, to, options) => {
        if (isHeld(to)) ask(() => navigate(to, options))
        else navigate(to, options)
      }}
    >
      {children}
      <Modal
        opened={go !== null}
        onClose={() => ask(null)}
        title="Leave without saving?"
        centered
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Text>You changed {what ?? 'something'} and did not save. That is lost when you leave.</Text>
        <Group justify="flex-end" mt="lg">
          <Button
            color="red"
            variant="default"
            onClick={() => {
              held.clear()
              ask(null)
              go?.()
            }}
          >
            Leave, lose it
          </Button>
          <Button onClick={() => ask(null)} data-autofocus>
            Stay
          </Button>
        </Group>
      </Modal>
    </Router>
  )
}
