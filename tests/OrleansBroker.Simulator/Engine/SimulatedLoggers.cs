using Microsoft.Extensions.Logging;
using OrleansBroker.Simulation;

namespace OrleansBroker.Simulator.Engine;

/// <summary>What a broker logs goes into the trace; an error by an exception that no fault explains ends the run.</summary>
internal sealed class SimulatedLoggers(SimulatedProcess process) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Logger(process, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private sealed class Logger(SimulatedProcess process, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var text = formatter(state, exception);
            process.Note($"{category} {logLevel}: {text}{(exception is null ? string.Empty : $" ({exception.GetType().Name}: {exception.Message})")}");
            if (exception is not (null or IOException or OperationCanceledException or SimulatedCrashException or TimeoutException))
            {
                throw new SimulationFailure("unexpected exception", $"{process.Name} logged: {text}: {exception}", exception);
            }
        }
    }
}
