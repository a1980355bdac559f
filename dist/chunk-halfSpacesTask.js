import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{halfSpaces}from"./chunk-halfSpaces.js";import{__name}from"./chunk-shared-2.js";function run({columns,...density}){return halfSpaces(columns,density)}__name(run,"run");var halfSpacesWorker={url:new URL("./halfSpacesTask.js",import.meta.url).href,run};export{run,halfSpacesWorker};
