/** Grey shapes where the chat will be. */

import { css } from "lit";

export const skeletonStyles = css`
  .skeleton {
    display: grid;
    gap: 0.9rem;
    padding-block: 2rem;
  }

  .bone {
    display: block;
    block-size: 1rem;
    border-radius: 0.5rem;
    background: var(--line);
    animation: breathe 1.6s ease-in-out infinite;
  }

  .bone.title {
    inline-size: 9rem;
  }

  .bone.question {
    justify-self: end;
    inline-size: 45%;
    block-size: 2.8rem;
    margin-block-end: 0.75rem;
    border-radius: var(--radius);
  }

  .bone.short {
    inline-size: 60%;
  }

  .bone.field {
    block-size: 3.4rem;
    margin-block-end: 1.6rem;
    border-radius: var(--round, 1.6rem);
  }
`;
