/** The steps as a list: what is done, where one is, what waits; each can be gone to. */
import { Link } from 'wouter'
import type { SetUpAnswer } from '../../../server/api/setup.ts'
import { actorWord } from '../../words/actors.ts'
import { STEPS, type StepKey } from './steps.ts'
import style from './setup.module.css'

export function Stepper({ setup, now }: { setup: SetUpAnswer; now: StepKey }) {
  const isOn = setup.activatedAt !== null
  return (
    <nav aria-label="Steps of the set-up" className={style.side}>
      <ol className={style.steps}>
        {STEPS.map(({ key, title }, at) => {
          const found = setup.steps.find((one) => one.step === key)
          const done = found === undefined ? isOn : found.state === 'done'
          const told = done
            ? 'Done'
            : found?.state === 'blocked'
              ? 'Later'
              : found?.state === 'current'
                ? 'Next'
                : 'To do'
          const by = found?.confirmed ?? null
          return (
            <li key={key} className={done ? style.done : undefined}>
              <Link
                href={`/app/setup?step=${key}`}
                {...(key === now ? { 'aria-current': 'step' as const } : {})}
              >
                <span className={style.number} aria-hidden="true">
                  {done ? '✓' : at + 1}
                </span>
                <span className={style.title}>
                  {title}
                  <span className="unseen">, {told}</span>
                </span>
                <span className={style.by}>
                  {done ? (by === null ? 'Done' : `Agreed by ${actorWord(by.by)}`) : told}
                </span>
              </Link>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}
