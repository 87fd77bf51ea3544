using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansBroker.Server.Tests;

/// <summary>Keeps what was logged, from information on.</summary>
internal sealed class LinesLogger : ILogger, ILoggerFactory
{
    private readonly ConcurrentQueue<(int EventId, string Line)> _lines = new();

    public IReadOnlyCollection<(int EventId, string Line)> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((eventId.Id, formatter(state, exception) + exception));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
