using System.Runtime.InteropServices;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>Makes a thread yield to all others: while the processors are busy, appends and reads get nearly all of them.</summary>
public static partial class BackgroundThread
{
    /// <summary>
    /// Linux gives such a thread about a tenth of what a normal one gets. Lower still, and appends would wait long for a
    /// swap that holds their log's lock without getting a processor.
    /// </summary>
    private const int NiceOfBackgroundWork = 10;

    private const int PriorityOfProcess = 0;

    /// <summary>For the calling thread, for good: it must be a thread of its own. .NET's thread priorities do nothing on Linux.</summary>
    public static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            // To Linux a thread is a process here, 0 the calling one. Without the call's success all is well too.
            _ = SetPriority(PriorityOfProcess, 0, NiceOfBackgroundWork);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
