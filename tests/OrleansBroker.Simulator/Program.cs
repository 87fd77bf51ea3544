using OrleansBroker.Simulator;

return CommandLine.Run(args);
