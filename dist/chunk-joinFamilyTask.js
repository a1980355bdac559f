import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{joinFamily}from"./chunk-regionFamily.js";import{__name}from"./chunk-shared-2.js";function run(task){return joinFamily(task)}__name(run,"run");var joinFamilyWorker={url:new URL("./joinFamilyTask.js",import.meta.url).href,run};export{run,joinFamilyWorker};
