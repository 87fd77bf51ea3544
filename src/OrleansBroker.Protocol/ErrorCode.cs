namespace OrleansBroker.Protocol;

public enum ErrorCode : short
{
    UnknownServerError = -1,
    None = 0,
}
