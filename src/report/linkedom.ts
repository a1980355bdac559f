import { parseHTML } from 'linkedom';

/** An empty document to draw in: enough of the DOM for a plotting library, no browser. */
export const drawingDocument = parseHTML('<!doctype html><html><body></body></html>').document;
