import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{familyPart}from"./chunk-regionFamily.js";import{__name}from"./chunk-shared-2.js";function run(task){return familyPart(task)}__name(run,"run");var familyPartWorker={url:new URL("./familyPartTask.js",import.meta.url).href,run};export{run,familyPartWorker};
