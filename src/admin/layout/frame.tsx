/** What stands round every page: navigation on the left, on a phone in a sheet; how the company stands above. */
import { Burger, Drawer } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useEffect, useRef, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useFrame } from '../api/frame.ts'
import { pageAt } from './page-at.ts'
import { Navigation } from './navigation.tsx'
import style from './frame.module.css'

export function Frame({ children }: { children: ReactNode }) {
  const [path] = useLocation()
  const [open, menu] = useDisclosure(false)
  const { standing } = useFrame()
  const page = pageAt(path)
  const opened = useRef(path)
  const title = page?.title ?? 'Nothing here'
  const { close } = menu
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
  useEffect(() => {
    // The document came with this page: where the browser stands is right. From then on we are who leads.
    if (opened.current === path) return
    opened.current = path
    close()
    document.querySelector<HTMLElement>('#content')?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [path, close])
  return (
    <div className={style.frame}>
      <a className={style.skip} href="#content">
        Skip to the content
      </a>
      <header className={style.bar}>
        <Burger
          opened={open}
          onClick={menu.toggle}
          size="sm"
          aria-label={open ? 'Close the menu' : 'Open the menu'}
        />
        <span className={style.brand}>Holdfast</span>
        <span className={`${style.standing} ${style[standing.tone]}`}>{standing.text}</span>
      </header>
      <aside className={style.side}>
        <Navigation />
      </aside>
      <Drawer opened={open} onClose={menu.close} size={272} title="Holdfast" closeButtonProps={CLOSE}>
        <Navigation />
      </Drawer>
      <main id="content" tabIndex={-1} className={style.main}>
        {children}
      </main>
    </div>
  )
}

const CLOSE = { 'aria-label': 'Close the menu' }
