import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{MANY_CLASSES,RIVALS,product,rivals,rivalsWorker}from"./chunk-ridgeRivals.js";import"./chunk-shared-2.js";export{MANY_CLASSES,RIVALS,rivals as default,product,rivalsWorker};
