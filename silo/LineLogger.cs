using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded;

namespace OrleansBroker.Silo;

/// <summary>Writes log entries to standard error, one line each: time, level, category, message, and the exception where there is one.</summary>
internal sealed class LineLogger(string category, LogLevel least, TimeProvider clock) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && !IsToldAnyway(exception))
        {
            var time = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            var cause = exception is null ? string.Empty : $": {exception}".ReplaceLineEndings(" | ");
            Console.Error.WriteLine($"{time} {Name(logLevel)} {category}[{eventId.Id}] {formatter(state, exception)}{cause}");
        }
    }

    /// <summary>Why a broker does not start is told in one line: that the silo and the host do not start for it is not news.</summary>
    private bool IsToldAnyway(Exception? exception) => exception is BrokerStartException && least > LogLevel.Debug;

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        LogLevel.Critical => "critical",
        LogLevel.None => "none",
        _ => level.ToString(),
    };

    /// <summary>Makes such loggers, with the part of a category's name that follows the last dot.</summary>
    internal sealed class Factory(LogLevel least, TimeProvider clock) : ILoggerFactory
    {
        // Orleans warns of much that concerns nobody but its developers.
        private readonly LogLevel _leastOfOrleans = least == LogLevel.Warning ? LogLevel.Error : least;

        public ILogger CreateLogger(string categoryName) => new LineLogger(
            categoryName[(categoryName.LastIndexOf('.') + 1)..], categoryName.StartsWith("Orleans.", StringComparison.Ordinal) ? _leastOfOrleans : least, clock);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("standard error is the only log of silo/run");

        public void Dispose()
        {
        }
    }
}
