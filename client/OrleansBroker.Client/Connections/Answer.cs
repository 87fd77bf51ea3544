namespace OrleansBroker.Client.Connections;

/// <summary>A response, the version that it is in, and the bytes that it goes on using, if it does: to be disposed with the last of them.</summary>
internal readonly record struct Answer<TResponse>(TResponse Response, short Version, ResponseFrame? Frame)
    where TResponse : class;
