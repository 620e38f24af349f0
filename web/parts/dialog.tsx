/** Something that wants an answer first: the browser's own dialog, which keeps the focus and closes with Escape. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

export interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
}

export function Dialog({ title, children, onClose }: DialogProps): VNode {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    element.current?.showModal()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      <div class="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="quiet small" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

export interface ConfirmProps extends DialogProps {
  /** On the button that does it. */
  readonly does: string
  readonly onConfirm: () => void
}

/** For what others feel. */
export function Confirm({ does, onConfirm, children, ...dialog }: ConfirmProps): VNode {
  return (
    <Dialog {...dialog}>
      {children}
      <footer>
        <button type="button" onClick={dialog.onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            onConfirm()
            dialog.onClose()
          }}
        >
          {does}
        </button>
      </footer>
    </Dialog>
  )
}
