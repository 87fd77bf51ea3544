using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansBroker.Compatibility.Tests.Broker;

internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Continue = 18;
    public const int Stop = 19;
    public const int Terminate = 15;

    public static void Send(Process process, int signal) => Assert.Equal(0, Kill(process.Id, signal));

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
