namespace OrleansBroker.Storage.Tests.Recovery;

internal enum Crash
{
    Kill,
    KillInTheMiddleOfAWrite,
    PowerLoss,
}
