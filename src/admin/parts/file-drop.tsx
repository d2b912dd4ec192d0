/** A place for a file: chosen by a click or by the keyboard, or dropped. The browser's own field lies over all of it. */
import { useId, useState } from 'react'
import style from './file-drop.module.css'

export interface FileDropProps {
  /** What is to be brought. */
  readonly label: string
  /** What is taken. */
  readonly note: string
  /** Endings and media types, as the browser takes them. */
  readonly accept: string
  readonly disabled?: boolean
  choose(file: File): void
}

export function FileDrop({ label, note, accept, disabled = false, choose }: FileDropProps) {
  const id = useId()
  const [over, setOver] = useState(false)
  return (
    <div className={`${style.drop} ${over ? style.over : ''} ${disabled ? style.off : ''}`}>
      <label htmlFor={id} className="strong">
        {label}
      </label>
      <p id={`${id}-note`} className="note">
        {note}
      </p>
      <input
        id={id}
        type="file"
        accept={accept}
        disabled={disabled}
        aria-describedby={`${id}-note`}
        className={style.field}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
        onDrop={() => setOver(false)}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file !== undefined) choose(file)
          // The same file may be chosen again once it was mended.
          currentTarget.value = ''
        }}
      />
    </div>
  )
}
