import { act } from './step.ts';

await act();
